namespace Px.Pruning.Models;

/// <summary>How a backbone was pre-trained: one of the PX paper's three ways.</summary>
public enum Pretraining
{
    /// <summary>Classification of ImageNet's 1,000 classes, torchvision's files such as <c>resnet50-19c8e357.pth</c>.</summary>
    ImageNet,

    /// <summary>Momentum contrast on ImageNet without labels, the authors' files such as <c>moco_v2_800ep_pretrain.pth.tar</c>.</summary>
    MoCoV2,

    /// <summary>Images and their captions, a state dict saved from OpenAI's RN50.</summary>
    Clip,
}
